// A real OpenID Connect provider for the tests. Prints its address; ends with its input.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const people = {
  priya: { email: "priya@hollowpine.example", email_verified: true, name: "Priya Raman", groups: ["support"] },
  nora: { email: "nora@hollowpine.example", email_verified: true, name: "Nora Lind", groups: ["leads", "support"] },
  eve: { email: "mette@hollowpine.example", email_verified: false, name: "Eve", groups: ["support"] },
  zoe: { email: "zoe@hollowpine.example", email_verified: true, name: "Zoe", groups: ["visitors"] },
};

const server = createServer((request, response) => callback(request, response));
let callback = (request, response) => response.writeHead(503).end();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "deskhand",
        client_secret: "only-for-tests-and-known-to-everybody",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name"] },
    // The ID token holds what was asked for, not only the UserInfo endpoint.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ["only-for-tests"] },
    async findAccount(_, id) {
      return { accountId: id, claims: async () => ({ sub: id, ...people[id] }) };
    },
  });
  callback = provider.callback();
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
