/** Screens that are fetched when they are first needed: all in one piece. */

export { Benefit } from "./benefit.js";
export { Benefits } from "./benefits.js";
export { Complaint } from "./complaint.js";
export { Consent } from "./consent.js";
export { Consents } from "./consents.js";
export { Help } from "./help.js";
export { Notices } from "./notices.js";
export { Offer } from "./offer.js";
export { Open } from "./open.js";
export { Tie } from "./tie.js";
export { Use } from "./use.js";
export { Uses } from "./uses.js";
