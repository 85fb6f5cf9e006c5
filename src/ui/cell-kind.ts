/**
 * `waiting`: on its way. `delayed`: waiting for longer than the policy allows. `absent`: missing, and not required.
 * `incomplete`: available, but not with all that was asked for. `none`: not a replica of this image's registry.
 */
export type CellKind =
  | 'available'
  | 'incomplete'
  | 'unverified'
  | 'waiting'
  | 'delayed'
  | 'missing'
  | 'absent'
  | 'deleted'
  | 'none';
