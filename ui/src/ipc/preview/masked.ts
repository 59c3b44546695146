import type { Revealed, Scope, TicketView } from '../generated/types';
import { ORDER } from './data';

const MASK = '•••';

/** What was asked for with a reason. */
export const REVEALED: Revealed = {
  email: 'aoife.brennan@example.com',
  phone: '+353 21 496 0123',
  city: 'Cork',
  orders: [{ order: ORDER.id, ship_to: { name: 'Aoife Brennan', street: '14 Merchant’s Quay', postal_code: 'T12 Y3P4', city: 'Cork', country: 'IE' }, payments: ['Visa ending 4242'] }],
};

/** A role that sees no contact details, and may look on purpose. */
export const MASKED_SCOPES: Scope[] = ['tickets:read', 'tickets:write', 'messages:send', 'customers:read', 'customers:reveal'];

/** A conversation as that role sees it. */
export function masked(view: TicketView): TicketView {
  return {
    ...view,
    customer: view.customer && { ...view.customer, email: MASK, phone: MASK, city: MASK },
    order: view.order && {
      ...view.order,
      order: { ...view.order.order, payments: view.order.order.payments.map((payment) => ({ ...payment, label: MASK })) },
      shipments: view.order.shipments.map((parcel) => ({ ...parcel, scans: parcel.scans.map((scan) => ({ ...scan, text: MASK, place: scan.place && MASK })) })),
    },
  };
}
