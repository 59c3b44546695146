import type { Enrolment } from '../generated/types';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** An authenticator app that is set up. */
export const ENROLMENT: Enrolment = { secret: SECRET, url: `otpauth://totp/Hollowpine:priya%40hollowpine.example?secret=${SECRET}&issuer=Hollowpine` };

/** Codes for when it is not at hand. */
export const RECOVERY = ['k7wq-2mnd-x0p4-93hf', 'q3ts-88ab-mm2k-yv6d', '4c9r-tt1w-0q7z-n5jx', 'p2vk-6hd8-3rsw-b1fa', 'z8mn-5xq0-c4ty-72ge', 'd6jw-91kp-vv3h-s0rb', 'f0ta-m3z7-8nqc-x4yk', 'h5gs-w2b9-7dpr-6vjm', 'n1xe-4kt8-z0fq-c7wa', 'r9yb-p6mh-3sjd-5t2v'];
