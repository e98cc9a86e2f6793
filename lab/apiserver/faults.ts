import { ApiError } from './objects';

/** What a request asks for, as RBAC sees it. */
export interface RequestInfo {
  readonly verb: string;
  readonly group: string;
  /** Plural, with the part of the object: `services/status`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Requests that a fault is for: all given members have to match. */
export type Match = Partial<RequestInfo>;

interface Rule {
  readonly match: Match;
  /** How many requests are still affected. */
  left: number;
  act(request: RequestInfo): Promise<void> | void;
}

/** Trouble that tests ask for. Each method returns a function that ends it. */
export class Faults {
  /** Whether a compacted resourceVersion is answered by status 410, or by an ERROR event in a stream with status 200, as the real server mostly does. */
  goneAs: 'status' | 'event' = 'event';
  /** Cuts the lines of watches into the chunks that are sent. */
  splitLines?: (line: Buffer) => Buffer[];
  private readonly rules = new Set<Rule>();

  /** Answers 403 as RBAC does. */
  deny(match: Match): () => void {
    return this.add(match, Infinity, (request) => { throw forbidden(request); });
  }

  /** Answers with `error`, `times` times. */
  fail(match: Match, error: ApiError, times = 1): () => void {
    return this.add(match, times, () => { throw error; });
  }

  /** Holds requests for so many milliseconds before they are served. */
  delay(match: Match, ms: number): () => void {
    return this.add(match, Infinity, () => new Promise((resolve) => { setTimeout(resolve, ms); }));
  }

  /** Lets all requests that match wait until the returned function is called. */
  hold(match: Match): () => void {
    let release!: () => void;
    const released = new Promise<void>((resolve) => { release = resolve; });
    const end = this.add(match, Infinity, () => released);
    return () => {
      end();
      release();
    };
  }

  /** Brings the trouble that waits for this request. @throws ApiError */
  async meet(request: RequestInfo): Promise<void> {
    for (const rule of [...this.rules]) {
      if (!Object.entries(rule.match).every(([key, value]) => request[key as keyof RequestInfo] === value)) continue;
      rule.left -= 1;
      if (rule.left === 0) this.rules.delete(rule);
      await rule.act(request);
    }
  }

  private add(match: Match, times: number, act: Rule['act']): () => void {
    const rule = { match, left: times, act };
    this.rules.add(rule);
    return () => { this.rules.delete(rule); };
  }
}

function forbidden({ verb, group, resource, namespace, name }: RequestInfo): ApiError {
  const [kind] = resource.split('/');
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const object = name === undefined ? '' : ` "${name}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new ApiError(403, 'Forbidden',
    `${qualified}${object} is forbidden: User "tester" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`, { name, group: group || undefined, kind });
}
