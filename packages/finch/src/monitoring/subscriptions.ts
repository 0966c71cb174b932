/** Several subscriptions that end together. */
import { subscribeTelemetry, type TelemetrySubscription } from '../telemetry/subscribe.ts';
import type { TelemetryEventName, TelemetryEvents } from '../telemetry/events.ts';
import type { WatchedInstances } from './watched-instances.ts';

/** Subscribes to events of certain instances. */
export class Subscriptions {
  private readonly instances: WatchedInstances;
  private readonly ends: TelemetrySubscription[] = [];

  constructor(instances: WatchedInstances) {
    this.instances = instances;
  }

  on<N extends TelemetryEventName>(name: N, handler: (event: TelemetryEvents[N]) => void): void {
    const { instances } = this;
    this.ends.push(
      subscribeTelemetry(name, (event) => {
        if (instances.includes(event.name)) handler(event);
      }),
    );
  }

  end(): void {
    for (const end of this.ends.splice(0)) end();
  }
}
