import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from './_errors';
import { own } from './_examine';
import { checkName, metadataOf } from './_names';
import { checkMembers, checkText } from './_values';
import { Community } from './community';
import { Community as CommunityObject } from './imports/metallb.io';

/**
 * Names for communities.
 */
export interface CommunityAliasesOptions {
  /**
   * Communities by the names to give them; at least one.
   */
  readonly aliases: { [name: string]: Community };

  /**
   * Name of the Community object.
   *
   * @default - made up by cdk8s
   */
  readonly objectName?: string;
}

/**
 * Properties of `CommunityAliases`.
 */
export interface CommunityAliasesProps extends CommunityAliasesOptions {
  /**
   * Namespace of the load balancer, the only one in which it looks for names.
   *
   * @default - the namespace of the chart, else `metallb-system`
   */
  readonly namespace?: string;
}

/**
 * Names for BGP communities, so that advertisements say what is meant.
 */
export class CommunityAliases extends Construct {
  private readonly names: string[];

  /**
   * Defines names of communities.
   *
   * @param scope Where to put them.
   * @param id Name within the scope.
   * @param props The names.
   */
  constructor(scope: Construct, id: string, props: CommunityAliasesProps) {
    super(scope, id);
    const { path } = this.node;
    checkName(`${path}: objectName`, 'subdomain', props.objectName);
    checkName(`${path}: namespace`, 'label', props.namespace);
    this.names = Object.keys(props.aliases ?? {}).sort();
    if (this.names.length === 0) {
      throw new ConstructError('INVALID_COMMUNITY', `${path}: aliases is empty: pass at least one, such as { 'vpn-only': Community.of(64512, 100) }`);
    }
    this.names.forEach((name) => checkText(`${path}: aliases: the name`, name));
    checkMembers(`${path}: aliases`, Object.values(props.aliases), Community, 'Community.of(64512, 100)');
    const namespace = props.namespace ?? Chart.of(this).namespace ?? 'metallb-system';
    new CommunityObject(this, 'Resource', {
      metadata: metadataOf(props.objectName, namespace),
      // By name, for in Go a map has no order of its own.
      spec: { communities: this.names.map((name) => ({ name, value: props.aliases[name].toString() })) },
    });
    own(this, namespace);
  }

  /**
   * The community of a name, to be passed to `Advertisement.bgp()`.
   *
   * @param name One of the names that are defined here.
   */
  public community(name: string): Community {
    if (!this.names.includes(name)) {
      throw new ConstructError('INVALID_COMMUNITY', `${this.node.path}: unknown alias '${name}': expected ${this.names.join(', ')}`);
    }
    return Community.fromAlias(name);
  }
}
