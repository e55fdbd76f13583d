/**
 * Works through `items`, in order, `lanes` at once. After a failure, or once `stopping` is aborted, nothing more is begun; what goes on
 * is waited for, and the first failure is thrown.
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  stopping: AbortController,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && !stopping.signal.aborted; item = left.shift()) {
      try {
        await work(item);
      } catch (error) {
        stopping.abort();
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
