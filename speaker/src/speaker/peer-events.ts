import type { EventRecorder, KubeObject } from '../kube';
import type { LanEvent } from '../lan';
import { peerKernel } from './log-event';

/** Troubles between speakers, as events on the Node that they are about: `kubectl describe node` shows them, whichever side they were noticed on. */
export function recordPeerEvent(recorder: Pick<EventRecorder, 'record'>, nodeOf: (name: string) => KubeObject | undefined, observer: string, event: LanEvent): void {
  const text = describe(observer, event);
  const node = text && nodeOf(text.node);
  if (node) {
    recorder.record(node, 'Warning', text.reason, text.message);
  }
}

function describe(observer: string, event: LanEvent): { readonly node: string; readonly reason: string; readonly message: string } | undefined {
  if (event.code === 'heartbeatRejected' && event.reason === 'unknownKey' && event.node !== undefined) {
    return {
      node: event.node,
      reason: 'heartbeatKeyDiffers',
      message: `the speaker on ${observer} hears heartbeats from ${event.from} in the name of ${event.node} with a key that it does not have: one of the two has not read the Secret`,
    };
  }
  if (event.code === 'duplicateNode') {
    return {
      node: event.node,
      reason: 'duplicateNodeName',
      message: `two speakers have the node name ${event.node}, noticed ${event.node === observer ? 'by' : 'from'} ${event.from}: give each machine a name of its own`,
    };
  }
  if (event.code === 'kernelAnswers') {
    return { node: event.node, reason: 'kernelAnswers', message: `noticed by ${observer}, which announces ${event.address}: ${peerKernel(event)}` };
  }
  return undefined;
}
