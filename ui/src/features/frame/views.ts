import type { ViewId } from '../../ipc';

/** The views of the rail in their order, as the core counts them. */
export const VIEWS: readonly ViewId[] = [
  'my_open',
  'unassigned',
  'mentions',
  'snoozed',
  'held',
  'where_is_it',
  'refunds',
  'breaching_soon',
  'high_value',
  'email',
  'web_chat',
  'whatsapp',
  'escalated',
  'all_open',
  'closed',
];

/** How the rail groups them. */
export const GROUPS = {
  mine: VIEWS.slice(0, 5),
  views: VIEWS.slice(5, 9),
  channels: VIEWS.slice(9, 12),
  all: VIEWS.slice(12),
} as const;
