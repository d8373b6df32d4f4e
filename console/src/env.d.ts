/** Whether the API that this console is built with has runs of pipelines. */
declare const __RUNS__: boolean;
