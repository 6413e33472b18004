"""The order saga: payment, stock, confirmation, shipping; a refund when the stock fails."""
from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities import orders

SOON = timedelta(seconds=10)
PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3,
                      non_retryable_error_types=["OutOfStock", "CardDeclined"])


@workflow.defn
class OrderSaga:
    @workflow.run
    async def run(self, order: dict[str, Any]) -> dict[str, Any]:
        order_id = order["order_id"]
        try:
            payment = await self.step(orders.charge, order)
        except ActivityError as problem:
            return {"status": "failed", "reason": str(problem.cause)}
        try:
            await self.step(orders.reserve_stock, order)
        except ActivityError as problem:
            await self.step(orders.refund, payment)
            return {"status": "failed", "reason": str(problem.cause)}
        await self.step(orders.confirm, order_id)
        return {"status": "completed", "order_id": order_id, "tracking_number": await self.step(orders.ship, order_id)}

    @staticmethod
    async def step(activity: Any, argument: Any) -> Any:
        return await workflow.execute_activity(activity, argument, start_to_close_timeout=SOON, retry_policy=PATIENT)
