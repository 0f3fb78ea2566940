// Reads and evaluates one condition many times, as form-js does in the browser; prints processor seconds for one.
import { evaluate } from '@bpmn-io/feelin';

const [text, context, times] = JSON.parse(process.argv[2]);
for (let i = 0; i < times; i++) evaluate(text, context);
const begun = process.cpuUsage();
for (let i = 0; i < times; i++) evaluate(text, context);
const used = process.cpuUsage(begun);
console.log((used.user + used.system) / 1e6 / times);
