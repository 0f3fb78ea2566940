// Evaluates FEEL as the browser's forms do: one JSON text a line in, one {"value": ...} or {"error": ...} a line out.
import { createInterface } from 'node:readline';
import { evaluate } from '@bpmn-io/feelin';

const context = JSON.parse(process.argv[2]);
const plain = (value) => (value === undefined ? null : value);

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const found = evaluate(JSON.parse(line), context);
    const value = found && typeof found === 'object' && 'warnings' in found ? found.value : found;
    console.log(JSON.stringify({ value: plain(value) }));
  } catch (problem) {
    console.log(JSON.stringify({ error: String(problem.message ?? problem) }));
  }
}
