import { conformanceInside } from './conformance.ts';
import { isWhole, machines } from './lab-host.ts';

/** Virtual machines are emulated within an emulation, half a minute for a start: these say most about the host they run on. */
const shown = [
  'says who it is, and speaks this contract',
  'offers a group exactly when it declares the capability',
  'finds its guests as they were after its daemon was restarted',
  'starts a guest once, however often it is asked, and shows since when it runs',
  'pauses a guest and lets it go on, twice each, and stops one that is paused',
  'destroys a running guest with everything, and what is gone already',
];

conformanceInside({
  backend: 'kvm',
  machine: machines.virtual,
  titles: isWhole ? undefined : shown,
});
