// What the server's disks have left: what is low stops work soon, and is said at the top.

import { get } from "../api/client";
import type { Disks, DiskSpace } from "../api/types";
import { type Resource, useResource } from "../state/resource";
import { Loaded, Panel } from "../ui/bits";
import { bytes } from "../ui/format";
import { Icon } from "../ui/icon";

export function useDisks(): Resource<Disks> {
  return useResource("disks", (abort) => get<Disks>("/v1/disks", {}, abort), {
    everyMs: 15_000,
  });
}

const PLACES = { data: "the data directory", artifacts: "artifacts" };
type Place = keyof typeof PLACES;

/** Artifacts on the same disk as the data are not told twice. */
function spacesOf(disks: Disks): [Place, DiskSpace][] {
  const { data, artifacts } = disks;
  const isSame =
    !artifacts ||
    (artifacts.size_bytes === data.size_bytes &&
      // They were asked one after the other.
      Math.abs(artifacts.free_bytes - data.free_bytes) < data.size_bytes / 1000);
  return isSame || !artifacts
    ? [["data", data]]
    : [
        ["data", data],
        ["artifacts", artifacts],
      ];
}

function percent({ free_bytes, size_bytes }: DiskSpace): string {
  return size_bytes ? `${Math.floor((100 * free_bytes) / size_bytes)}%` : "all";
}

export function DiskWarnings({ of }: { of: Disks | undefined }) {
  if (!of) return null;
  const short = spacesOf(of).filter(([, { state }]) => state !== "good");
  if (!short.length) return null;
  return (
    <div class="trouble" role="alert">
      <Icon name="warning" />
      <div>
        {short.map(([place, space]) => (
          <p key={place}>
            The disk of {PLACES[place]} is{" "}
            {space.state === "full" ? "all but full" : "filling up"}:{" "}
            {bytes(space.free_bytes)} of {bytes(space.size_bytes)} ({percent(space)}) are free. Make
            room, or have queues keep what has ended for a shorter time.
          </p>
        ))}
      </div>
    </div>
  );
}

function Space({ place, space }: { place: Place; space: DiskSpace }) {
  const used = space.size_bytes - space.free_bytes;
  return (
    <>
      <p>
        Disk of {PLACES[place]}: {bytes(space.free_bytes)} of {bytes(space.size_bytes)} free (
        {percent(space)})
        {space.state !== "good" && (
          <span class="late">
            {" "}
            <Icon name="warning" /> {space.state}
          </span>
        )}
      </p>
      <meter
        min={0}
        max={Math.max(space.size_bytes, 1)}
        optimum={0}
        low={space.size_bytes * 0.9}
        high={space.size_bytes * 0.98}
        value={used}
        aria-label={`Used on the disk of ${PLACES[place]}`}
      />
    </>
  );
}

export function DisksPanel({ disks }: { disks: Resource<Disks> }) {
  return (
    <Panel title="Disk">
      <Loaded of={disks}>
        {(all) => (
          <>
            {spacesOf(all).map(([place, space]) => (
              <Space key={place} place={place} space={space} />
            ))}
            <p>
              The ledger takes {bytes(all.ledger.bytes)}
              {all.ledger.place === "database" ? ", in its database" : ""}.
              {!all.artifacts && " Artifacts are in a bucket."}
            </p>
          </>
        )}
      </Loaded>
    </Panel>
  );
}
