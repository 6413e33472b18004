"""The worker's own tests: what it finds, how it is configured, its activities, and workflows on a server of its own."""
from __future__ import annotations

import os
import sys
import tempfile
import unittest
import uuid
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import connection  # noqa: E402
import registry  # noqa: E402
import worker  # noqa: E402
from activities import devices, orders, readings  # noqa: E402
from encryption import EncryptionCodec  # noqa: E402
from workflows.lab import BatchWorkflow, CronWorkflow  # noqa: E402
from workflows.orders import OrderSaga  # noqa: E402


class Registry(unittest.TestCase):
    def test_finds_what_the_folders_hold(self) -> None:
        found = registry.discover()
        names = {thing.__qualname__ for thing in found.workflows}
        self.assertLessEqual({"CronWorkflow", "OrderSaga", "DeviceEntity", "TypedReading"}, names)
        self.assertIn(orders.charge, found.activities)

    def test_queues_have_their_own_limits(self) -> None:
        self.assertEqual({queue.concurrent_activities for queue in registry.QUEUES}, {100, 10})


class Settings(unittest.TestCase):
    def test_the_environment_wins_over_the_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ".env"
            file.write_text('# ours\nTEMPORAL_ADDRESS="file:7233"\nTEMPORAL_NAMESPACE=greenhouse\n')
            settings = connection.Settings.from_environment({"TEMPORAL_ADDRESS": "here:7233"}, file)
        self.assertEqual((settings.address, settings.namespace, settings.tls), ("here:7233", "greenhouse", False))

    def test_a_key_is_cut_in_the_summary_and_means_tls(self) -> None:
        settings = connection.Settings.from_environment({"TEMPORAL_API_KEY": "0123456789abcdef"}, Path("none"))
        self.assertTrue(settings.tls)
        self.assertIn("01234567…", settings.summary())
        self.assertNotIn("012345678", settings.summary())

    def test_half_a_certificate_is_refused(self) -> None:
        with self.assertRaisesRegex(connection.Misconfigured, "needs its key"):
            connection.Settings.from_environment({"TEMPORAL_TLS_CERT": "/dev/null"}, Path("none"))


class Codec(unittest.IsolatedAsyncioTestCase):
    async def test_an_older_key_still_decrypts_and_the_newest_encrypts(self) -> None:
        plain = Payload(metadata={"encoding": b"json/plain"}, data=b"21.0")
        old = await EncryptionCodec({"k1": bytes(32)}).encode([plain])
        both = EncryptionCodec({"k2": b"2" * 32, "k1": bytes(32)})
        self.assertEqual(await both.decode(old), [plain])
        new = await both.encode([plain])
        self.assertEqual(new[0].metadata["encryption-key-id"], b"k2")
        self.assertNotIn(b"21.0", new[0].data)
        with self.assertRaisesRegex(ValueError, "no key k2"):
            await EncryptionCodec({"k1": bytes(32)}).decode(new)


class Activities(unittest.IsolatedAsyncioTestCase):
    async def test_long_work_tells_how_far_it_is(self) -> None:
        beats: list[Any] = []
        environment = ActivityEnvironment()
        environment.on_heartbeat = lambda *details: beats.append(details[0])
        self.assertEqual(await environment.run(readings.long_work, 2), "2 steps")
        self.assertEqual(beats, [{"step": 0}, {"step": 1}])

    async def test_a_second_call_is_already_done(self) -> None:
        key = str(uuid.uuid4())
        self.assertEqual(await ActivityEnvironment().run(readings.once_only, key), "done")
        self.assertEqual(await ActivityEnvironment().run(readings.once_only, key), "already done")

    async def test_stock_that_is_not_there_is_final(self) -> None:
        with self.assertRaises(ApplicationError) as caught:
            await ActivityEnvironment().run(orders.reserve_stock, {"order_id": "1", "quantity": 99})
        self.assertEqual(caught.exception.type, "OutOfStock")

    async def test_a_scrape_tells_which_source_failed(self) -> None:
        events = await ActivityEnvironment().run(devices.scrape, {"sources": ["a", "bad-b"]})
        self.assertEqual(events, [{"source": "a"}, {"error": "bad-b did not answer"}])


class Workflows(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.environment = await WorkflowEnvironment.start_local(dev_server_existing_path=os.environ["SUNDIAL_TEMPORAL"])
        found = registry.discover()
        self.queue = str(uuid.uuid4())
        self.worker = Worker(self.environment.client, task_queue=self.queue, workflows=found.workflows,
                             activities=found.activities)
        await self.worker.__aenter__()

    async def asyncTearDown(self) -> None:
        await self.worker.__aexit__(None, None, None)
        await self.environment.shutdown()

    async def test_workflows(self) -> None:
        """One server for all of them."""
        client = self.environment.client
        with self.subTest("five messages end the lab's workflow"):
            lab = await client.start_workflow(CronWorkflow.run, "task", id=str(uuid.uuid4()), task_queue=self.queue)
            for number in range(5):
                await lab.signal(CronWorkflow.add_message, number)
            self.assertEqual((await lab.result())["messages"], [0, 1, 2, 3, 4])
        with self.subTest("a batch is ten, or what came in time"):
            batches = await client.start_workflow(BatchWorkflow.run, args=["task", 0.5], id=str(uuid.uuid4()),
                                                  task_queue=self.queue)
            for number in range(12):
                await batches.signal(BatchWorkflow.add_message, number)
            await batches.signal(BatchWorkflow.stop_processing)
            self.assertEqual(sum((await batches.result())["batches"]), 12)
        with self.subTest("without stock the payment goes back"):
            order = {"order_id": "7", "quantity": 99}
            saga = await client.start_workflow(OrderSaga.run, order, id=str(uuid.uuid4()), task_queue=self.queue)
            self.assertEqual((await saga.result())["status"], "failed")
            done = [event.activity_task_scheduled_event_attributes.activity_type.name
                    async for event in saga.fetch_history_events()
                    if event.HasField("activity_task_scheduled_event_attributes")]
            self.assertEqual(done, ["charge", "reserve_stock", "refund"])
        with self.subTest("a final failure names its cause"):
            with self.assertRaises(WorkflowFailureError):
                await client.execute_workflow("Failing", {"final": True}, id=str(uuid.uuid4()), task_queue=self.queue)


class Limits(unittest.IsolatedAsyncioTestCase):
    async def test_each_queue_has_a_worker(self) -> None:
        async with await WorkflowEnvironment.start_local(dev_server_existing_path=os.environ["SUNDIAL_TEMPORAL"]) as environment:
            queues = {one.task_queue for one in worker.make_workers(environment.client)}
        self.assertEqual(queues, {queue.name for queue in registry.QUEUES})


if __name__ == "__main__":
    unittest.main()
