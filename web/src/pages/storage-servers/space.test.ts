import { expect, test } from "vitest";

import type { StorageStatus } from "../../api/storageStatus";
import { spaceText, taken } from "./space";

const GIB = 1_073_741_824;
const told: StorageStatus = {
  "storage-server": "STORE1",
  reported: "2026-11-23T08:00:00Z",
  low: false,
  "near-quota": [],
};

test("space is that of a volume, or what an object store keeps", () => {
  const volume = { ...told, "free-bytes": 25 * GIB, "total-bytes": 100 * GIB };
  expect([spaceText(volume), taken(volume)]).toEqual(["25 GB free of 100 GB", 0.75]);
  const objects = { ...told, "kept-bytes": 3 * GIB };
  expect([spaceText(objects), taken(objects)]).toEqual(["keeps 3 GB", null]);
  expect([spaceText(told), spaceText(undefined), taken(undefined)]).toEqual([null, null, null]);
});
