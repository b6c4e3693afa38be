export { isPublishing, publish, publishCapability, publishHookFile, unpublishAll } from './publish.ts';
export { bridgesOf, type PublishedGuest, rulesetOf } from './ruleset.ts';
