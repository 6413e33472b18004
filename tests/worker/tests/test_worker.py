"""The worker's own tests: what it finds, how it is configured, its activities, and workflows on a server of its own."""
from __future__ import annotations

import os
import sys
import tempfile
import unittest
import uuid
from pathlib import Path
from typing import Any
from unittest import mock

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, TLSConfig, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import connection  # noqa: E402
import registry  # noqa: E402
import worker  # noqa: E402
from activities import devices, orders, readings  # noqa: E402
from encryption import EncryptionCodec  # noqa: E402
from workflows.lab import BatchWorkflow, CronWorkflow  # noqa: E402
from workflows.lives import DeviceEntity, Versioned  # noqa: E402
from workflows.orders import OrderSaga  # noqa: E402


class Registry(unittest.TestCase):
    def test_finds_what_the_folders_hold(self) -> None:
        found = registry.discover()
        names = {thing.__qualname__ for thing in found.workflows}
        self.assertLessEqual({"CronWorkflow", "OrderSaga", "DeviceEntity", "TypedReading"}, names)
        self.assertIn(orders.charge, found.activities)

    def test_queues_have_their_own_limits(self) -> None:
        self.assertEqual({queue.concurrent_activities for queue in registry.QUEUES}, {100, 10})


class Settings(unittest.IsolatedAsyncioTestCase):
    def read(self, file: Path = Path("none"), **environment: str) -> connection.Settings:
        return connection.Settings.from_environment(environment, file)

    def test_the_environment_wins_over_the_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ".env"
            file.write_text('# ours\nTEMPORAL_ADDRESS="file:7233"\nTEMPORAL_NAMESPACE=greenhouse\n')
            settings = self.read(file, TEMPORAL_ADDRESS="here:7233")
        self.assertEqual((settings.address, settings.namespace, settings.tls), ("here:7233", "greenhouse", None))

    def test_a_profile_of_temporals_own_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "temporal.toml"
            file.write_text('[profile.greenhouse]\naddress = "profile:7233"\nnamespace = "plants"\n')
            settings = self.read(TEMPORAL_CONFIG_FILE=str(file), TEMPORAL_PROFILE="greenhouse")
            self.assertEqual((settings.address, settings.namespace), ("profile:7233", "plants"))
            with self.assertRaisesRegex(connection.Misconfigured, "(?i)profile"):
                self.read(TEMPORAL_CONFIG_FILE=str(file), TEMPORAL_PROFILE="none")

    def test_nothing_is_needed_for_a_local_server(self) -> None:
        settings = self.read()
        self.assertEqual(settings.summary(), "Temporal localhost:7233, namespace default, no TLS, no API key, "
                                             "plain payloads, no metrics")
        self.assertEqual(registry.queues(settings.task_queue), registry.QUEUES)

    def test_a_task_queue_of_ones_own(self) -> None:
        queue = self.read(TEMPORAL_TASK_QUEUE="orchard").task_queue
        self.assertEqual([one.name for one in registry.queues(queue)][-1], "orchard")
        self.assertEqual(registry.queues("processing"), registry.QUEUES)

    def test_a_key_is_cut_in_the_summary_and_means_tls(self) -> None:
        settings = self.read(TEMPORAL_API_KEY="0123456789abcdef")
        self.assertIn("TLS, API key 01234567…", settings.summary())
        self.assertNotIn("012345678", settings.summary())
        self.assertIsNone(self.read(TEMPORAL_API_KEY="0123456789abcdef", TEMPORAL_TLS="false").tls)

    async def test_the_client_gets_key_certificate_and_namespace(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder) / name for name in ("ca.pem", "client.pem", "client.key")}
            for name, file in files.items():
                file.write_text(name)
            settings = self.read(
                TEMPORAL_ADDRESS="cloud:7233", TEMPORAL_NAMESPACE="plants", TEMPORAL_API_KEY="secret",
                TEMPORAL_TLS_SERVER_CA_CERT_PATH=str(files["ca.pem"]), TEMPORAL_TLS_SERVER_NAME="frontend",
                TEMPORAL_TLS_CERT=str(files["client.pem"]), TEMPORAL_TLS_KEY=str(files["client.key"]))
            self.assertIn("note: TEMPORAL_TLS_CERT is read as TEMPORAL_TLS_CLIENT_CERT_PATH", settings.summary())
            with mock.patch.object(Client, "connect") as connect:
                await connection.connect(settings)
        given = connect.call_args.kwargs
        self.assertEqual((connect.call_args.args, given["namespace"], given["api_key"]), (("cloud:7233",), "plants", "secret"))
        self.assertEqual(given["tls"], TLSConfig(server_root_ca_cert=b"ca.pem", client_cert=b"client.pem",
                                                 client_private_key=b"client.key", domain="frontend"))

    def test_what_contradicts_itself_is_refused(self) -> None:
        for reason, environment in {
            "needs its key": {"TEMPORAL_TLS_CERT": "/dev/null"},
            "there is no file": {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "/none/ca.pem"},
            "is no gRPC address": {"TEMPORAL_ADDRESS": "http://localhost:7243"},
            "always verifies": {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION": "true"},
        }.items():
            with self.assertRaisesRegex(connection.Misconfigured, reason):
                connection.Settings.from_environment(environment, Path("none"))


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


@workflow.defn(name="Versioned", sandboxed=False)
class BeforeTheChange:
    """Versioned as it was when the first runs began."""

    @workflow.run
    async def run(self, device: str) -> str:
        return "hello"


class Workflows(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        # A short history is enough to be told to continue as new.
        self.environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=os.environ["SUNDIAL_TEMPORAL"],
            dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=20"])
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
        with self.subTest("a device's workflow takes its state along when its history is long"):
            entity = await client.start_workflow(DeviceEntity.run, "oven", id=str(uuid.uuid4()), task_queue=self.queue)
            await entity.execute_update(DeviceEntity.set_threshold, 60.0)
            first = (await entity.describe()).run_id
            for number in range(30):
                await entity.signal(DeviceEntity.reading, number)
            self.assertEqual(await entity.query(DeviceEntity.latest), 29)
            self.assertNotEqual((await client.get_workflow_handle(entity.id).describe()).run_id, first)
            await client.get_workflow_handle(entity.id).signal(DeviceEntity.retire)
            self.assertEqual(await client.get_workflow_handle(entity.id).result(),
                             {"device": "oven", "readings": 30, "threshold": 60.0})
        with self.subTest("a run from before the change keeps its way"):
            queue = str(uuid.uuid4())
            async with Worker(client, task_queue=queue, workflows=[BeforeTheChange]):
                old = await client.start_workflow("Versioned", "oven", id=str(uuid.uuid4()), task_queue=queue)
                self.assertEqual(await old.result(), "hello")
            await Replayer(workflows=[Versioned]).replay_workflow(await old.fetch_history())
        with self.subTest("a final failure names its cause"):
            with self.assertRaises(WorkflowFailureError):
                await client.execute_workflow("Failing", {"final": True}, id=str(uuid.uuid4()), task_queue=self.queue)


class Limits(unittest.IsolatedAsyncioTestCase):
    async def test_each_queue_has_a_worker(self) -> None:
        async with await WorkflowEnvironment.start_local(dev_server_existing_path=os.environ["SUNDIAL_TEMPORAL"]) as environment:
            made = [one.config() for one in worker.make_workers(environment.client, registry.QUEUES)]
        self.assertEqual([(one["task_queue"], one["max_concurrent_activities"]) for one in made],
                         [(queue.name, queue.concurrent_activities) for queue in registry.QUEUES])


if __name__ == "__main__":
    unittest.main()
