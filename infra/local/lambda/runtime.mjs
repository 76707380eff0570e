// The inside of a Lambda execution environment: loads the bundle's handler and runs one invocation at a time, over IPC.
// Plain JavaScript: it runs in a process of its own beside bundles, and holds nothing that Lambda's runtime does not.
const [file, exported] = splitHandler(process.env._HANDLER ?? 'index.handler');

let handler;
let initError;
try {
  const module = await import(`${process.env.LAMBDA_TASK_ROOT}/${file}`);
  handler = module[exported] ?? module.default?.[exported];
  if (typeof handler !== 'function')
    throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), {
      name: 'Runtime.HandlerNotFound',
    });
} catch (error) {
  initError = error;
}
process.send({ kind: 'ready' });

process.on('message', async ({ id, event, context, deadlineMs }) => {
  try {
    if (initError !== undefined) throw initError;
    const result = await handler(event, { ...context, getRemainingTimeInMillis: () => deadlineMs - Date.now() });
    process.send({ kind: 'result', id, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    process.send({ kind: 'error', id, payload: JSON.stringify(describe(error)) });
  }
});

process.on('disconnect', () => process.exit(0));

// Lambda reports a rejection that nobody handles as an error of the invocation and ends the environment.
process.on('unhandledRejection', (reason) => {
  process.send(
    { kind: 'crash', payload: JSON.stringify({ ...describe(reason), errorType: 'Runtime.UnhandledPromiseRejection' }) },
    () => process.exit(128),
  );
});

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: String(error.stack ?? '').split('\n') };
}

function splitHandler(text) {
  const dot = text.lastIndexOf('.');
  return [`${text.slice(0, dot)}.mjs`, text.slice(dot + 1)];
}
