/**
 * check: manifests in, what is wrong with them out, without a cluster. Objects of the configuration go through the function that controller, speakers and
 * webhook use; Services go through the ledger of the controller. Pure, but for `readFiles`.
 */
export { checkManifests, type CheckOptions, type CheckResult, type Finding } from './check';
export { readFiles } from './files';
export { parseManifests, type Manifest, type SourceProblem } from './manifests';
