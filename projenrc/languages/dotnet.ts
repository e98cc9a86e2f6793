import * as path from 'path';
import { Language } from './language';
import { packages, pacmak } from './pacmak';

/** The sources of a project. */
export const dotnet: Language = {
  name: 'dotnet',
  tools: [],

  async package(work) {
    await pacmak(work, 'dotnet', ['--code-only']);
    return [path.join(packages(work, 'dotnet'), 'Cdk8sHomeLoadBalancer')];
  },
};
