/** What can be wrong with what the core is given; see {@link LanError.code}. */
export type LanErrorCode = 'LAN_OPTIONS_INVALID' | 'LAN_PLAN_NODE' | 'LAN_PLAN_ADDRESS' | 'LAN_PLAN_ADDRESS_TWICE' | 'LAN_PLAN_REVISION' | 'LAN_KEY_TOO_SHORT' | 'LAN_LINK_MAC';

/** The control plane gave the core something it cannot work with. What it had before stays in force. */
export class LanError extends Error {
  /** Stable code. */
  readonly code: LanErrorCode;

  constructor(code: LanErrorCode, message: string) {
    super(message);
    this.name = 'LanError';
    this.code = code;
  }
}
