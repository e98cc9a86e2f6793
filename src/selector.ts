import { ConstructError } from './_errors';
import { SelectorManifest, selectorProblems, selectorText } from './_selectors';
import { isGiven, refuse } from './_values';

/**
 * Chooses nodes, Services, namespaces or pools by their labels.
 *
 * A value: it is checked when it is made, and does not change.
 *
 * @example
 *
 * Advertisement.l2({ nodeSelectors: [Selector.all(Selector.labels({ zone: 'attic' }), Selector.notIn('cable', 'wifi'))] });
 */
export class Selector {
  /**
   * Everything.
   */
  public static everything(): Selector {
    return new Selector({});
  }

  /**
   * What has all of these labels with exactly these values.
   *
   * @param labels Labels and their values.
   */
  public static labels(labels: { [key: string]: string }): Selector {
    if (!isGiven(labels) || Object.keys(labels).length === 0) refuse('labels of the selector', labels, 'at least one label, or Selector.everything()');
    return new Selector({ matchLabels: { ...labels } }); // a copy, for a value does not change
  }

  /**
   * The nodes of these names.
   *
   * @param names Names of nodes, as in `kubectl get nodes` (their label `kubernetes.io/hostname`, which is the name unless somebody changed it).
   */
  public static hostnames(...names: string[]): Selector {
    return Selector.in('kubernetes.io/hostname', ...names);
  }

  /**
   * What has a label with one of some values.
   *
   * @param key The label.
   * @param values Its possible values, at least one.
   */
  public static in(key: string, ...values: string[]): Selector {
    return new Selector({ matchExpressions: [{ key, operator: 'In', values }] });
  }

  /**
   * What has a label with another value, and what does not have it.
   *
   * @param key The label.
   * @param values The values to leave out, at least one.
   */
  public static notIn(key: string, ...values: string[]): Selector {
    return new Selector({ matchExpressions: [{ key, operator: 'NotIn', values }] });
  }

  /**
   * What has a label, whatever its value.
   *
   * @param key The label.
   */
  public static exists(key: string): Selector {
    return new Selector({ matchExpressions: [{ key, operator: 'Exists' }] });
  }

  /**
   * What does not have a label.
   *
   * @param key The label.
   */
  public static doesNotExist(key: string): Selector {
    return new Selector({ matchExpressions: [{ key, operator: 'DoesNotExist' }] });
  }

  /**
   * What all of these choose.
   *
   * @param selectors At least one.
   */
  public static all(...selectors: Selector[]): Selector {
    const parts = selectors.map(({ manifest }) => manifest);
    const labels: Record<string, string> = {};
    for (const [key, value] of parts.flatMap(({ matchLabels = {} }) => Object.entries(matchLabels))) {
      if (key in labels && labels[key] !== value) {
        throw new ConstructError('INVALID_SELECTOR', `the selector wants the label ${key} to be both '${labels[key]}' and '${value}', which nothing has: remove one of them`);
      }
      labels[key] = value;
    }
    const expressions = parts.flatMap(({ matchExpressions = [] }) => matchExpressions);
    return new Selector({
      ...Object.keys(labels).length > 0 && { matchLabels: labels },
      ...expressions.length > 0 && { matchExpressions: expressions },
    });
  }

  private constructor(private readonly manifest: SelectorManifest) {
    const [problem] = selectorProblems('selector', manifest);
    if (problem) throw new ConstructError('INVALID_SELECTOR', problem);
  }

  /**
   * The selector as kubectl would write it.
   */
  public toString(): string {
    return selectorText(this.manifest);
  }

  /**
   * The LabelSelector.
   *
   * @internal
   */
  public _toManifest(): any {
    return this.manifest;
  }
}
