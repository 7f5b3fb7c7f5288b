/** What an assisted session needs beyond the wallet: fetched where one is opened. */

export { loadHelping } from "../words/load.js";
export { AssistedApp } from "./app.js";
export { parseSession } from "./session.js";
