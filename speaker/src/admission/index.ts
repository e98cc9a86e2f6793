/**
 * admission: a webhook by which the API server asks, before it stores an object of the configuration, whether that contradicts another one.
 *
 * What an object shows by itself is checked by the CRDs, too, which need nobody to be there. The webhook never changes an object, and where it is absent
 * nothing waits for it (`failurePolicy: Ignore`): whatever was stored meanwhile is judged once more by those who use it. Every controller serves it.
 */
export { judge, type Proposal, type Verdict } from './judge';
export { Webhook, type WebhookOptions } from './webhook';
