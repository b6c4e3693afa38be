import { node } from './needs.js';

/** @param {string} version such as `20.19.1` */
export const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > node.major || (major === node.major && minor >= node.minor);
};
