import { INPUT_OF, OWN_GROUP, parseConfig, problemText, type ConfigInput, type Problem, type ProblemCode, type ResourceKind } from '../config';

/** What somebody wants to do with an object of the configuration. Objects are untrusted JSON. */
export interface Proposal {
  readonly kind: ResourceKind;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly namespace: string;
  readonly name: string;
  /** As it is to be; absent for `DELETE`. */
  readonly object?: unknown;
  /** As it is; absent for `CREATE`. */
  readonly oldObject?: unknown;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Why not, a line for each problem. */
  readonly message?: string;
  /** What is allowed and will not work yet. */
  readonly warnings: readonly string[];
}

const ALLOWED: Verdict = { allowed: true, warnings: [] };

/** Problems that lie between two objects. Which text they have depends on both, so they are counted. */
const BETWEEN: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'OverlappingAddresses', 'DuplicatePeer', 'ConflictingRoutes', 'InvalidAggregation', 'EchoNotPossible', 'DuplicateEntry', 'DuplicateName',
]);

/**
 * Whether a change of the configuration may be made. It is refused when it adds a problem, of this object or of another; what was wrong before, with whomever,
 * is no reason, so each of several wrong objects can be mended by itself. A reference to what does not exist yet only warns: objects may come in any order.
 *
 * @param existing the configuration as it is, of those kinds that matter to this one; O(n log n) in their number
 * @param namespace that of the configuration
 */
export function judge(proposal: Proposal, existing: ConfigInput, namespace: string): Verdict {
  const { kind, operation, name } = proposal;
  if (proposal.namespace !== namespace) {
    // One that is there already is read by nobody, whatever becomes of it.
    return operation === 'CREATE' ? refuse(`${kind} ${proposal.namespace}/${name}: resource must be created in ${namespace} namespace`) : ALLOWED;
  }
  if (operation === 'DELETE') return judgeDeletion(proposal, existing);
  if (operation === 'UPDATE' && textOf(proposal.object) === textOf(proposal.oldObject)) return ALLOWED; // a finalizer, an annotation
  const others = (existing[INPUT_OF[kind]] ?? []).filter((object) => nameOf(object) !== name);
  const withOwn = (own: readonly unknown[]): ConfigInput => ({ ...existing, [INPUT_OF[kind]]: [...others, ...own] });
  const before = parseConfig(withOwn(operation === 'UPDATE' ? [proposal.oldObject] : []));
  // Judged with what was before in mind: of two that contradict each other, it is the changed one that is wrong.
  const after = parseConfig(withOwn([proposal.object]), before.config);
  const added = difference(after.problems, before.problems);
  const warnings = [...added.filter(({ transient }) => transient).map(problemText), ...deprecations(proposal)];
  const refusals = added.filter(({ transient }) => !transient);
  return refusals.length > 0 ? refuse(refusals.map(problemText).join('\n'), warnings) : { allowed: true, warnings };
}

function judgeDeletion({ kind, name }: Proposal, existing: ConfigInput): Verdict {
  if (kind !== 'BFDProfile') return ALLOWED;
  const users = (existing.bgpPeers ?? []).filter((peer) => field(field(peer, 'spec'), 'bfdProfile') === name).map(nameOf).sort();
  return users.length === 0 ? ALLOWED : refuse(
    `failed to delete BFDProfile ${name}, used by BGPPeer ${users.join(', ')}: remove spec.bfdProfile there first, or name another`,
  );
}

/** The problems that are not among the former ones, each of which accounts for one. */
function difference(problems: readonly Problem[], former: readonly Problem[]): Problem[] {
  const left = new Map<string, number>();
  for (const problem of former) left.set(keyOf(problem), (left.get(keyOf(problem)) ?? 0) + 1);
  return problems.filter((problem) => {
    const count = left.get(keyOf(problem)) ?? 0;
    left.set(keyOf(problem), count - 1);
    return count <= 0;
  });
}

/** Where in a list something stands is no part of what is wrong with it. */
function keyOf({ code, kind, name, message }: Problem): string {
  return JSON.stringify(BETWEEN.has(code) ? [kind, name, code] : [kind, name, code, message.replace(/\[\d+\]/g, '[]')]);
}

function deprecations({ kind, object }: Proposal): string[] {
  return kind === 'BGPPeer' && field(field(object, 'spec'), 'disableMP') === true ? ['spec.disableMP is deprecated and has no effect: remove it'] : [];
}

function refuse(message: string, warnings: readonly string[] = []): Verdict {
  return { allowed: false, message, warnings };
}

/** The parts that the configuration is made of; what is being deleted is as good as gone. */
function textOf(object: unknown): string {
  const metadata = field(object, 'metadata');
  return JSON.stringify([field(object, 'spec'), field(metadata, 'labels'), ...Object.entries(field(metadata, 'annotations') ?? {}).sort()
    .filter(([key]) => key.startsWith(OWN_GROUP))]);
}

function nameOf(object: unknown): unknown {
  return field(field(object, 'metadata'), 'name');
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
