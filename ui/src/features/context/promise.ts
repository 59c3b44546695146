import { daysAgo } from '../../format/time';
import type { Shipment } from '../../ipc';

/** The day that was promised, while the parcel has not arrived; and whether that day has passed. */
export function promise(
  shipment: Pick<Shipment, 'promised_at' | 'delivered_at' | 'status'>,
  now: number,
): { at: string; missed: boolean } | null {
  if (shipment.promised_at === null || shipment.delivered_at !== null) return null;
  if (shipment.status === 'delivered' || shipment.status === 'returned' || shipment.status === 'cancelled') return null;
  return { at: shipment.promised_at, missed: daysAgo(shipment.promised_at, now) > 0 };
}
