#!/bin/sh
# Builds the page, the release program and the Debian package. The page's packages must be there
# (npm ci in ui/); make package sees to that.
set -eu
cd "$(dirname "$0")/.."

npm --prefix ui run build
# The Tauri CLI is needed for nothing else, so it is fetched here and pinned here.
npm exec --yes --package=@tauri-apps/cli@2.12.5 -- tauri build --bundles deb
for package in target/release/bundle/deb/*.deb; do
  echo "Package: $package ($(($(stat -c %s "$package") / 1024)) KB)"
done
