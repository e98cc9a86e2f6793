import { COMMUNITY_FIX, CommunityValue } from './community-value';
import { Field } from './field';
import { Identity, identityOf, Metadata } from './metadata';
import { Candidate, Finding, Rules, settle, settleForGood } from './settle';

/** A valid Community: names for BGP communities. */
export interface Community extends Identity {
  /** What each name stands for, in the order written. No name is in two Community objects. */
  readonly aliases: ReadonlyMap<string, CommunityValue>;
}

/** Reads one Community; undefined when something is wrong with it, which goes to the report of `root`. */
export function readCommunity(root: Field, metadata: Metadata): Community | undefined {
  const aliases = new Map<string, CommunityValue>();
  const seen = new Set<string>();
  for (const item of root.child('spec').object().child('communities').items()) {
    if (item.object().isAbsent) item.wrongType('an object with name and value');
    const nameField = item.child('name');
    const name = nameField.text();
    if (nameField.isAbsent || nameField.value === '') nameField.problem('MissingValue', 'missing community name', 'give it a name, to be used in advertisements');
    if (name !== undefined && seen.has(name)) nameField.problem('DuplicateEntry', duplicate(name), 'remove it, or give it another name');
    const value = readValue(item.child('value'));
    if (name === undefined) continue;
    seen.add(name);
    if (value) aliases.set(name, value);
  }
  return root.report.ok ? { ...identityOf(metadata), aliases } : undefined;
}

function readValue(field: Field): CommunityValue | undefined {
  if (typeof field.value !== 'string') {
    field.wrongType('text');
    return undefined;
  }
  const value = CommunityValue.parse(field.value);
  if (value instanceof CommunityValue) return value;
  field.problem('InvalidCommunity', value.message, COMMUNITY_FIX);
  return undefined;
}

function duplicate(name: string): string {
  return `duplicate definition of community ${JSON.stringify(name)}`;
}

/** Decides which version of each Community holds, so that no name is defined in two: whoever defines it already keeps it. */
export function settleCommunities<C extends Candidate<Community>>(candidates: readonly C[]): Map<C, Community> {
  const rules: Rules<Community> = {
    hadAll: (version, previous) => [...version.aliases.keys()].every((name) => previous.aliases.has(name)),
    conflicts: ({ aliases }, placed) => [...aliases.keys()].flatMap((name, index): Finding[] => {
      const other = placed.find((each) => each.aliases.has(name));
      if (!other) return [];
      const fix = `define it in one Community only: rename it here or in ${JSON.stringify(other.name)}`;
      return [['DuplicateEntry', `spec.communities[${index}].name`, name, `${duplicate(name)}, which ${JSON.stringify(other.name)} defines`, fix]];
    }),
  };
  return settleForGood(candidates, (copies) => settle(copies, rules));
}
