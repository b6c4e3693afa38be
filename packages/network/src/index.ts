export { forgetNames, nameGuests, namesTaken, resolvedTo, type WantedNames } from './guest-names.ts';
export { type NamedGuest, withNames, withoutNames } from './hosts-file.ts';
export { type Obstacle, obstaclesOf, readGround } from './obstacles.ts';
export { publish, publishCapability, unpublishAll } from './publish.ts';
export { type NamedNetwork, resolvedCommands, resolvedRuns } from './resolved.ts';
export { bridgesOf, type PublishedGuest, rulesetOf } from './ruleset.ts';
