// A provider whose ID tokens are wrong in one way each: the code says in which, and the nonce.
// Prints its address; ends with its input.
import { createServer } from "node:http";
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from "jose";

const right = await generateKeyPair("RS256", { extractable: true });
const other = await generateKeyPair("RS256");
const secret = new TextEncoder().encode("only-for-tests-and-known-to-everybody");

function claims(kind, nonce, issuer) {
  const now = Math.floor(Date.now() / 1000);
  const all = {
    iss: issuer, sub: "priya", aud: "deskhand", iat: now, exp: now + 300, nonce,
    email: "priya@hollowpine.example", email_verified: true, groups: ["support"],
  };
  const wrong = {
    audience: { aud: "somebody-else" },
    issuer: { iss: "https://other.example" },
    nonce: { nonce: "another" },
    "no-nonce": { nonce: undefined },
    expired: { iat: now - 600, exp: now - 300 },
    "skew-late": { iat: now - 330, exp: now - 30 },
    future: { iat: now + 300, exp: now + 600 },
    "skew-early": { iat: now + 30 },
    old: { iat: now - 86_400 },
    subject: { sub: undefined },
    two: { aud: ["deskhand", "somebody-else"] },
  };
  return { ...all, ...wrong[kind] };
}

async function token(kind, nonce, issuer) {
  const body = claims(kind, nonce, issuer);
  switch (kind) {
    case "none":
      return new UnsecuredJWT(body).encode();
    case "hmac":
      return new SignJWT(body).setProtectedHeader({ alg: "HS256" }).sign(secret);
    case "key":
      return new SignJWT(body).setProtectedHeader({ alg: "RS256", kid: "right" }).sign(other.privateKey);
    case "malformed":
      return "not.a.token";
    case "cut":
      return (await token("good", nonce, issuer)).slice(0, -20);
    default:
      return new SignJWT(body).setProtectedHeader({ alg: "RS256", kid: "right" }).sign(right.privateKey);
  }
}

const server = createServer(async (request, response) => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const say = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const path = request.url.split("?")[0];
  if (path === "/.well-known/openid-configuration") {
    return say(200, {
      issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`, response_types_supported: ["code"],
      subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["RS256"],
    });
  }
  if (path === "/jwks") {
    const key = await exportJWK(right.publicKey);
    return say(200, { keys: [{ ...key, kid: "right", alg: "RS256", use: "sig" }] });
  }
  if (path === "/token") {
    let body = "";
    for await (const part of request) body += part;
    const [kind, nonce] = new URLSearchParams(body).get("code").split(" ");
    if (kind === "html") {
      response.writeHead(200, { "content-type": "text/html" });
      return response.end("<h1>Welcome</h1>");
    }
    const answer = { access_token: "opaque", token_type: "Bearer", expires_in: 60 };
    if (kind !== "missing") answer.id_token = await token(kind, nonce, issuer);
    return say(200, answer);
  }
  return say(404, {});
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
