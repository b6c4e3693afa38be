export { type Obstacle, obstaclesOf, readGround } from './obstacles.ts';
export { publish, publishCapability, unpublishAll } from './publish.ts';
export { bridgesOf, type PublishedGuest, rulesetOf } from './ruleset.ts';
