/** Which objects a list or watch covers. */
export interface Selection {
  /** @default - every namespace */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection {
  /** Objects a page. @default 500 */
  readonly limit?: number;
  /** `0`: any version that the server has at hand. @default - the newest */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends Selection {
  /** Watch what happened after this point. */
  readonly resourceVersion: string;
  /** The server ends the watch after so long. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Called when the server has accepted the watch, before the first event. */
  readonly onOpen?: () => void;
}

/** Which object, in what part. */
export interface ObjectOptions {
  readonly namespace?: string;
  readonly subresource?: 'status' | 'scale';
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends ObjectOptions {
  /** Name under which the server records who set which field. @default - the user agent */
  readonly fieldManager?: string;
}

export interface PatchOptions extends WriteOptions {
  /** `merge` (RFC 7396), `json` (RFC 6902) or `strategic` (built-in kinds only). @default merge */
  readonly type?: 'merge' | 'json' | 'strategic';
}

export interface ApplyOptions extends ObjectOptions {
  readonly fieldManager: string;
  /** Take over fields of other managers instead of failing with `Conflict`. @default false */
  readonly force?: boolean;
}

export interface DeleteOptions extends ObjectOptions {
  /** Delete only this very object. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** What {@link KubeClient.patchStatus} changes. */
export interface StatusPatch {
  /** A null value removes the key. */
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string | null>>; readonly labels?: Readonly<Record<string, string | null>> };
  readonly status?: object;
}
