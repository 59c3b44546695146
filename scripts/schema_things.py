"""For scripts/schema.sh: signs everybody in and writes down what the sample shop has.

schema_things.py ADDRESS FOLDER PERSON... writes FOLDER/PERSON.header and FOLDER/things.
"""

import json
import sys
import urllib.request
import uuid

ADDRESS, FOLDER, *PEOPLE = sys.argv[1:]


def ask(method, path, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = "Bearer " + token
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def token_of(person):
    if person == "machine":
        return KEYS[0]["key"]
    if person == "visitor":
        body = {"name": "Ana", "email": "ana@example.com", "text": "Where is it?", "id": str(uuid.uuid4())}
        return ask("POST", "/chat/api/conversations", body=body)["token"]
    body = {"email": person + "@hollowpine.example", "password": "hollowpine", "device": "schema"}
    return ask("POST", "/v1/sessions", body=body)["token"]


admin = token_of("ines")


def ids(path, of=lambda item: item["id"]):
    return [of(item) for item in ask("GET", path, admin)["items"]]


members = ask("GET", "/v1/accounts", admin)["items"]
for member in members:
    if member["account"]["email"].startswith("luis@"):
        patch = {"version": member["version"], "role": "service"}
        ask("PATCH", "/v1/accounts/" + member["account"]["id"], admin, patch)

tickets, orders = ids("/v1/tickets?limit=20"), ids("/v1/orders?limit=20")
# One key asks, and is nobody else's to revoke; the others are there to be looked at and revoked.
SCOPES = ["tickets:read", "tickets:write", "messages:send", "customers:read", "orders:read", "metrics:read"]
KEYS = [ask("POST", "/v1/keys", admin, {"name": f"Program {n}", "scopes": SCOPES}) for n in range(9)]

accounts = [member["account"]["id"] for member in members]
messages = [one for ticket in tickets[:8] for one in ids(f"/v1/tickets/{ticket}/messages")]
things = {
    "ticket": tickets,
    "into": tickets,
    "message": messages,
    "seen": messages,
    "customer": ids("/v1/customers?limit=20"),
    "order": orders,
    "shipment": [one for order in orders[:8] for one in ids(f"/v1/orders/{order}/shipments")],
    "number": ids("/v1/orders?limit=20", lambda order: order["number"]),
    "account": accounts,
    "assignee": accounts,
    "actor": accounts,
    "team": ids("/v1/teams"),
    "machine_key": [made["about"]["id"] for made in KEYS[1:]],
    "key": ids("/v1/fields", lambda field: field["key"]),
}
with open(f"{FOLDER}/things", "w") as file:
    json.dump({name: found for name, found in things.items() if found}, file)
for person in PEOPLE:
    with open(f"{FOLDER}/{person}.header", "w") as file:
        file.write("X-Nobody: 1" if person == "nobody" else "Authorization: Bearer " + token_of(person))
