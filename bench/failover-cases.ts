import { NodeAddress, NodeSpec } from '../lab';
import { Roles, startSpeaker } from './roles';

/** Names of the cases, as on the command line. */
export const CASE_NAMES = ['crash', 'kill', 'pause', 'cable', 'cable-management', 'stop', 'heartbeats', 'lan-cut'] as const;
export type CaseName = typeof CASE_NAMES[number];

/** What happens to the node that answers, and how it is set right afterwards. */
export interface FailoverCase {
  readonly name: CaseName;
  /** By which of their addresses the speakers hear each other. */
  readonly nodeAddress: NodeAddress;
  /** Whether another node has to take the addresses. */
  readonly moves: boolean;
  /** What the recovery is called where it is measured too; else it is not looked at. */
  readonly recovery?: string;
  happen(roles: Roles, node: NodeSpec): Promise<void>;
  /** Makes everything whole again. */
  recover(roles: Roles, node: NodeSpec): Promise<void>;
}

const speakerOf = ({ speakers, cluster }: Roles, node: NodeSpec) => speakers[cluster.nodes.indexOf(node)];

const cable = (name: CaseName, nodeAddress: NodeAddress): FailoverCase => ({
  name,
  nodeAddress,
  moves: true,
  happen: async ({ cluster: { network } }, { name: node }) => network.pullCable(node),
  recover: async ({ cluster: { network } }, { name: node }) => network.plugCable(node),
  recovery: `${name}, plugged in again`,
});

export const CASES: readonly FailoverCase[] = [
  {
    name: 'crash', // killed first, so that nothing of it reacts to the cable
    nodeAddress: 'lan',
    moves: true,
    happen: async (roles, node) => {
      speakerOf(roles, node).kill('SIGKILL');
      await roles.cluster.network.pullCable(node.name);
    },
    recover: async (roles, node) => {
      await roles.cluster.network.plugCable(node.name);
      await startSpeaker(roles, node);
    },
  },
  {
    name: 'kill',
    nodeAddress: 'lan',
    moves: true,
    happen: async (roles, node) => speakerOf(roles, node).kill('SIGKILL'),
    recover: startSpeaker,
  },
  {
    name: 'pause',
    nodeAddress: 'lan',
    moves: true,
    happen: async (roles, node) => speakerOf(roles, node).pause(),
    recover: async (roles, node) => speakerOf(roles, node).resume(),
    recovery: 'pause, woken up',
  },
  cable('cable', 'lan'),
  cable('cable-management', 'management'),
  {
    name: 'stop',
    nodeAddress: 'lan',
    moves: true,
    happen: async (roles, node) => speakerOf(roles, node).kill('SIGTERM'),
    recover: async (roles, node) => {
      await speakerOf(roles, node).stop(); // it may be long about it; a new one finds its ports free
      await startSpeaker(roles, node);
    },
  },
  {
    name: 'heartbeats',
    nodeAddress: 'lan',
    moves: false,
    happen: async ({ cluster: { network } }) => network.blockHeartbeats(),
    recover: async ({ cluster: { network } }) => network.unblock(),
    recovery: 'heartbeats, let through again',
  },
  {
    name: 'lan-cut', // the node on one side, all others and the client on the other
    nodeAddress: 'lan',
    moves: true,
    recovery: 'lan-cut, whole again',
    happen: async ({ cluster: { network } }, node) => network.cutLan([node.name]),
    recover: async ({ cluster: { network } }) => network.healLan(),
  },
];
