import { IpAddress, IpError, IpRange } from '../ip';
import { parseDuration } from './duration';
import { Field, isObject } from './field';

/** Group of the annotations that are ours and not MetalLB's. */
export const OWN_GROUP = 'home-load-balancer.github.io/';

/** How long `sticky: "true"` keeps an address, in milliseconds: a day. */
export const DEFAULT_STICKY_MS = 24 * 3_600_000;

/** What the annotations of an IPAddressPool in our own group say. Without them a pool is as MetalLB has it. */
export interface PoolPolicy {
  /** `draining`: what was given stays, and nothing new is given. */
  readonly draining: boolean;
  /** `sharing`: `automatic` lets Services without a sharing key share an address when their ports do not clash. */
  readonly sharing: 'by-key' | 'automatic';
  /** `sticky`: how long the address of a deleted Service is kept for one of the same namespace and name, in milliseconds; undefined for not at all. */
  readonly stickyMs: number | undefined;
  /** `namespace-limit`: how many different addresses the Services of one namespace may have of the pool; undefined for any number. */
  readonly namespaceLimit: number | undefined;
  /** `excluded-addresses`: never given. With the addresses of the nodes, when the word `nodes` is among them. */
  readonly excluded: readonly IpRange[];
  /** The word `nodes` is among the excluded addresses. */
  readonly excludesNodes: boolean;
  /** `quarantine`: how long an address that a foreign host uses is not given again, in milliseconds; undefined for not at all. */
  readonly quarantineMs: number | undefined;
}

/** Addresses of the nodes (InternalIP): absent where nobody asks, `unknown` while they cannot be told. */
export type NodeAddresses = readonly string[] | 'unknown' | undefined;

const NAMES = ['draining', 'sharing', 'sticky', 'namespace-limit', 'excluded-addresses', 'quarantine'] as const;

/** The word of `excluded-addresses` that stands for the addresses of the cluster's nodes. */
const NODES = 'nodes';

/**
 * Reads the annotations of a pool that are ours. One that cannot be read is a problem like any other: an address that was to be excluded and is given all
 * the same takes down a gateway, so the pool stays as it last was. One that we do not know is most probably one that we do, mistyped.
 */
export function readPoolPolicy(root: Field, nodes: NodeAddresses): PoolPolicy {
  const annotations = root.child('metadata').child('annotations');
  const at = (name: typeof NAMES[number]) => new Annotation(annotations, name);
  for (const name of isObject(annotations.value) ? Object.keys(annotations.value) : []) {
    if (name.startsWith(OWN_GROUP) && !NAMES.some((known) => OWN_GROUP + known === name)) {
      const problem = new Annotation(annotations, name.slice(OWN_GROUP.length));
      problem.refuse(`unknown annotation ${name}`, `remove it, or make it one of ${NAMES.map((known) => OWN_GROUP + known).join(', ')}`);
    }
  }
  return {
    draining: at('draining').oneOf('true', 'false') === 'true',
    sharing: at('sharing').oneOf('automatic', 'by-key') ?? 'by-key',
    stickyMs: readSticky(at('sticky')),
    namespaceLimit: at('namespace-limit').count(),
    quarantineMs: at('quarantine').duration('such as 10m or 1h30m'),
    ...readExcluded(at('excluded-addresses'), nodes),
  };
}

/** One annotation of our group. */
class Annotation {
  private readonly field: Field;

  constructor(annotations: Field, private readonly name: string) {
    const { value } = annotations.child(OWN_GROUP + name);
    this.field = new Field(annotations.report, `metadata.annotations[${OWN_GROUP}${name}]`, value);
  }

  /** Its text without blanks around it; undefined when it is absent or no text. */
  get text(): string | undefined {
    const { value, isAbsent } = this.field;
    if (typeof value === 'string') return value.trim();
    if (!isAbsent) this.field.wrongType('text');
    return undefined;
  }

  oneOf<T extends string>(...words: T[]): T | undefined {
    const { text } = this;
    const word = words.find((candidate) => candidate === text);
    if (text !== undefined && word === undefined) this.refuse(`${this.shown} is none of ${words.join(', ')}`, `make it ${words.map((one) => JSON.stringify(one)).join(' or ')}`);
    return word;
  }

  count(): number | undefined {
    const { text } = this;
    if (text === undefined) return undefined;
    const count = /^[0-9]+$/.test(text) ? Number(text) : 0;
    if (count > 0 && Number.isSafeInteger(count)) return count;
    this.refuse(`${this.shown} is no number of addresses`, 'write a whole number from 1 on, such as "5", or remove the annotation for no limit');
    return undefined;
  }

  /** Milliseconds, more than none. */
  duration(hint: string): number | undefined {
    const { text } = this;
    if (text === undefined) return undefined;
    const duration = parseDuration(text);
    if (duration !== undefined && duration > 0) return duration;
    this.field.problem('InvalidDuration', `${this.shown} is no duration above 0`, `write numbers with units, ${hint}`);
    return undefined;
  }

  refuse(message: string, fix: string): void {
    this.field.problem('InvalidAnnotation', message, fix);
  }

  /** An entry of its text cannot be read. */
  refuseEntry({ code, message }: IpError): void {
    this.field.problem(code, `${OWN_GROUP}${this.name}: ${message}`, `list addresses, ranges, CIDRs or the word ${NODES}, with commas between them`);
  }

  missing(message: string, fix: string): void {
    this.field.problem('MissingReference', message, fix);
  }

  private get shown(): string {
    return `${OWN_GROUP}${this.name} ${JSON.stringify(this.text)}`;
  }
}

function readSticky(annotation: Annotation): number | undefined {
  if (annotation.text === 'true') return DEFAULT_STICKY_MS;
  if (annotation.text === 'false') return undefined;
  return annotation.duration('such as 24h, or "true" for a day');
}

function readExcluded(annotation: Annotation, nodes: NodeAddresses): Pick<PoolPolicy, 'excluded' | 'excludesNodes'> {
  const entries = (annotation.text ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  const excludesNodes = entries.includes(NODES);
  const excluded = entries.filter((entry) => entry !== NODES).flatMap((entry) => {
    try {
      return [IpRange.parse(entry)];
    } catch (error) {
      if (!(error instanceof IpError)) throw error;
      annotation.refuseEntry(error);
      return [];
    }
  });
  if (excludesNodes && nodes === 'unknown') {
    annotation.missing('the addresses of the nodes are not known yet', 'wait; if it lasts, allow the controller to list nodes, see its log');
  }
  const ofNodes = excludesNodes && nodes !== 'unknown' ? [...new Set(nodes)].sort().flatMap((text) => IpAddress.tryParse(text) ?? []) : [];
  return { excluded: [...excluded, ...ofNodes.map((ip) => IpRange.of(ip, ip))], excludesNodes };
}

/** Whether a pool, untrusted JSON, excludes the nodes: then their addresses are needed to read it. */
export function wantsNodes(object: unknown): boolean {
  const metadata = isObject(object) && isObject(object.metadata) ? object.metadata : {};
  const text = isObject(metadata.annotations) ? metadata.annotations[`${OWN_GROUP}excluded-addresses`] : undefined;
  return typeof text === 'string' && text.split(',').some((entry) => entry.trim() === NODES);
}

/** Whether two versions of an object bear the same annotations of our group. A change of them does not raise `metadata.generation`. */
export function sameOwnAnnotations(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  return [...Object.keys(a), ...Object.keys(b)].every((name) => !name.startsWith(OWN_GROUP) || a[name] === b[name]);
}
