// A Vendure for the tests, on this machine only.
//
//   node server.mjs seed FILE     makes a shop in an SQLite file, and ends
//   node server.mjs serve FILE    serves such a file, prints its address, ends with its input
//
// VENDURE_PORT asks for a port. Each line of the input is an address that is told of changes from
// then on, proved with VENDURE_WEBHOOK_SECRET: Vendure has no webhooks of its own, so the plugin
// below sends what its event bus says.
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  bootstrap,
  DefaultLogger,
  dummyPaymentHandler,
  EventBus,
  FulfillmentStateTransitionEvent,
  JobQueueService,
  LanguageCode,
  LogLevel,
  OrderLine,
  OrderStateTransitionEvent,
  PaymentMethodHandler,
  PaymentStateTransitionEvent,
  PluginCommonModule,
  RefundStateTransitionEvent,
  TransactionalConnection,
  VendurePlugin,
} from "@vendure/core";
import { populate } from "@vendure/core/cli/index.js";

const [, , what, file] = process.argv;
process.env.VENDURE_DISABLE_TELEMETRY = "true";
const password = "superadmin";
/** Who is told of changes. */
let listener;

/** Reserves at once; settles and refunds when it is told. */
const card = new PaymentMethodHandler({
  code: "card",
  description: [{ languageCode: LanguageCode.en, value: "Card" }],
  args: {},
  createPayment: (_ctx, _order, amount) => ({
    amount,
    state: "Authorized",
    transactionId: randomUUID(),
    metadata: { public: { brand: "Visa", last4: "4242" } },
  }),
  settlePayment: () => ({ success: true }),
  createRefund: (_ctx, { reason }, amount) => ({
    state: reason === "stays pending" ? "Pending" : reason === "fails" ? "Failed" : "Settled",
    transactionId: randomUUID(),
    metadata: { amount },
  }),
});

class Webhooks {
  constructor(bus, connection) {
    this.bus = bus;
    this.connection = connection;
  }
  onApplicationBootstrap() {
    const send = (type, order) => {
      if (!order || !listener) return;
      const body = JSON.stringify({
        id: randomUUID(),
        type,
        order: { id: String(order.id), code: order.code },
        at: new Date().toISOString(),
      });
      const seconds = Math.floor(Date.now() / 1000);
      const signed = createHmac("sha256", process.env.VENDURE_WEBHOOK_SECRET ?? "")
        .update(`${seconds}.${body}`)
        .digest("hex");
      fetch(listener, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-vendure-signature": `t=${seconds},v1=${signed}`,
        },
        body,
      }).catch((error) => console.error(`webhook: ${error.cause?.code ?? error.message}`));
    };
    this.bus.ofType(OrderStateTransitionEvent).subscribe((e) => send("order", e.order));
    this.bus.ofType(PaymentStateTransitionEvent).subscribe((e) => send("payment", e.order));
    this.bus.ofType(RefundStateTransitionEvent).subscribe((e) => send("refund", e.order));
    // A fulfilment comes with its lines only.
    const lines = this.connection.rawConnection.getRepository(OrderLine);
    this.bus.ofType(FulfillmentStateTransitionEvent).subscribe(async ({ fulfillment }) => {
      const id = fulfillment.lines[0]?.orderLineId;
      const line = id && (await lines.findOne({ where: { id }, relations: { order: true } }));
      send("fulfillment", line?.order);
    });
  }
}
Reflect.defineMetadata("design:paramtypes", [EventBus, TransactionalConnection], Webhooks);
VendurePlugin({ imports: [PluginCommonModule], compatibility: "^3.0.0" })(Webhooks);

const config = (database, port) => ({
  apiOptions: {
    hostname: "127.0.0.1",
    port,
    adminApiPath: "admin-api",
    shopApiPath: "shop-api",
  },
  authOptions: {
    tokenMethod: ["bearer"],
    superadminCredentials: { identifier: "superadmin", password },
    requireVerification: false,
    cookieOptions: { secret: "only-for-tests" },
  },
  dbConnectionOptions: {
    type: "better-sqlite3",
    database,
    synchronize: what === "seed",
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler, card] },
  plugins: [Webhooks],
  logger: new DefaultLogger({ level: LogLevel.Error }),
});

const address = (app) => `http://127.0.0.1:${app.getHttpServer().address().port}`;

async function seed() {
  const catalogue = join(mkdtempSync(join(tmpdir(), "vendure-")), "products.csv");
  const header =
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets";
  const product = (name, sku, price) =>
    `${name},${sku.toLowerCase()},,,,,,${sku},${price},standard,1000,false,,`;
  writeFileSync(
    catalogue,
    [
      header,
      product("Ridge tent", "TENT-2", "249.00"),
      product("Trail stove", "STOVE-1", "64.90"),
      product("Enamel mug", "MUG-1", "12.49"),
      "",
    ].join("\n"),
  );
  const app = await populate(
    () =>
      bootstrap(config(file, 0)).then(async (app) => {
        await app.get(JobQueueService).start();
        return app;
      }),
    {
      defaultLanguage: LanguageCode.en,
      defaultZone: "Europe",
      countries: [
        { name: "Germany", code: "DE", zone: "Europe" },
        { name: "Japan", code: "JP", zone: "Asia" },
      ],
      taxRates: [{ name: "Standard", percentage: 19 }],
      shippingMethods: [{ name: "Standard parcel", price: 495 }],
      paymentMethods: [{ name: "Card", handler: { code: "card", arguments: [] } }],
      collections: [],
    },
    catalogue,
  );
  const ask = asks(`${address(app)}/admin-api`);
  const login = `mutation { login(username: "superadmin", password: "${password}") { __typename } }`;
  await ask(login);
  const { channels, zones, productVariants, shippingMethods, paymentMethods, products } = await ask(`{
    channels { items { id } } zones { items { id name } } products { items { id } }
    productVariants { items { id price } } shippingMethods { items { id } } paymentMethods { items { id } } }`);
  const main = channels.items[0].id;
  const zone = (name) => zones.items.find((zone) => zone.name === name).id;
  await ask(
    `mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }`,
    {
      input: {
        id: main,
        availableCurrencyCodes: ["EUR"],
        defaultCurrencyCode: "EUR",
        pricesIncludeTax: true,
      },
    },
  );
  // The same goods in currencies without and with three decimals, tax added on top.
  for (const [code, currency, times] of [
    ["jp", "JPY", 2],
    ["kw", "KWD", 3],
  ]) {
    const { createChannel } = await ask(
      `mutation ($input: CreateChannelInput!) { createChannel(input: $input) { ... on Channel { id } } }`,
      {
        input: {
          code,
          token: code,
          defaultLanguageCode: "en",
          defaultCurrencyCode: currency,
          availableCurrencyCodes: [currency],
          pricesIncludeTax: false,
          defaultTaxZoneId: zone("Europe"),
          defaultShippingZoneId: zone("Europe"),
        },
      },
    );
    await ask(
      `mutation ($products: AssignProductsToChannelInput!, $shipping: AssignShippingMethodsToChannelInput!,
                 $payment: AssignPaymentMethodsToChannelInput!) {
        assignProductsToChannel(input: $products) { id }
        assignShippingMethodsToChannel(input: $shipping) { id }
        assignPaymentMethodsToChannel(input: $payment) { id } }`,
      {
        products: {
          channelId: createChannel.id,
          productIds: products.items.map((product) => product.id),
          priceFactor: times,
        },
        shipping: {
          channelId: createChannel.id,
          shippingMethodIds: shippingMethods.items.map((method) => method.id),
        },
        payment: {
          channelId: createChannel.id,
          paymentMethodIds: paymentMethods.items.map((method) => method.id),
        },
      },
    );
  }
  // Vendure keeps two decimals of every currency; a yen has none, so these prices and their taxes
  // are whole.
  const japan = asks(`${address(app)}/admin-api`, "jp");
  await japan(login);
  await japan(
    `mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }`,
    {
      input: productVariants.items.map(({ id }, index) => ({
        id,
        prices: [{ currencyCode: "JPY", price: [3_000_000, 800_000, 150_000][index] }],
      })),
    },
  );
  await japan(
    `mutation ($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }`,
    {
      input: {
        code: "japan",
        fulfillmentHandler: "manual-fulfillment",
        checker: {
          code: "default-shipping-eligibility-checker",
          arguments: [{ name: "orderMinimum", value: "0" }],
        },
        calculator: {
          code: "default-shipping-calculator",
          arguments: [
            { name: "rate", value: "50000" },
            { name: "includesTax", value: "auto" },
            { name: "taxRate", value: "0" },
          ],
        },
        translations: [{ languageCode: "en", name: "Parcel in Japan", description: "" }],
      },
    },
  );
  const all = await ask(`{ channels { items { id } } }`);
  await ask(
    `mutation ($input: CreatePromotionInput!) { createPromotion(input: $input) { ... on Promotion { id } } }`,
    {
      input: {
        enabled: true,
        couponCode: "SUMMER10",
        translations: [{ languageCode: "en", name: "Ten percent" }],
        conditions: [],
        actions: [
          { code: "order_percentage_discount", arguments: [{ name: "discount", value: "10" }] },
        ],
      },
    },
  );
  const { createRole } = await ask(
    `mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }`,
    {
      input: {
        code: "helpdesk",
        description: "helpdesk",
        permissions: ["ReadOrder", "ReadCustomer"],
        channelIds: all.channels.items.map((channel) => channel.id),
      },
    },
  );
  await ask(
    `mutation ($input: CreateAdministratorInput!) { createAdministrator(input: $input) { id } }`,
    {
      input: {
        firstName: "Desk",
        lastName: "Hand",
        emailAddress: "deskhand@hollowpine.example",
        password: "only-for-tests",
        roleIds: [createRole.id],
      },
    },
  );
  await app.close();
}

function asks(url, channel) {
  let token = "";
  return async (query, variables = {}) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        ...(channel && { "vendure-token": channel }),
      },
      body: JSON.stringify({ query, variables }),
    });
    token = answer.headers.get("vendure-auth-token") ?? token;
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
}

async function serve() {
  const app = await bootstrap(config(file, Number(process.env.VENDURE_PORT ?? 0)));
  await app.get(JobQueueService).start();
  console.log(address(app));
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => (listener = line)).on("close", () => process.exit(0));
}

await (what === "seed" ? seed() : serve());
if (what === "seed") process.exit(0);
