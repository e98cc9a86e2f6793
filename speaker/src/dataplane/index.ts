/**
 * The worker thread that answers for the announced addresses: one poll loop (see loop.ts) that ties the kernel's sockets (room `sys`) to the core that
 * decides (room `lan`), and the handle by which the main thread gives it plans and hears what it did.
 */
export { DataPlane, type DataPlaneOptions } from './data-plane';
export { DataPlaneError, type DataPlaneErrorCode } from './errors';
export { BEST_ADDRESS, effective, SILENT, type Exposure, type KernelCause, type KernelFinding, type Parameter } from './kernel-answers';
export { type KernelReport } from './kernel-watch';
export { type DataPlaneSnapshot } from './messages';
export { LATENESS_BOUNDS_MS, type LoopSnapshot } from './statistics';
export { runDataPlaneWorker } from './worker';
