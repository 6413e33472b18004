"""Activities of the order saga; what is asked of them decides how they end, so that both ends can be shown."""
from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError


@activity.defn
async def charge(order: dict[str, Any]) -> str:
    if order.get("card") == "declined":
        raise ApplicationError("the card was declined", type="CardDeclined")
    return f"payment-{order['order_id']}"


@activity.defn
async def reserve_stock(order: dict[str, Any]) -> str:
    if order.get("quantity", 1) > 10:
        raise ApplicationError("not enough in stock", type="OutOfStock")
    return f"stock-{order['order_id']}"


@activity.defn
async def refund(payment: str) -> str:
    return f"refunded {payment}"


@activity.defn
async def confirm(order_id: str) -> str:
    return f"confirmed {order_id}"


@activity.defn
async def ship(order_id: str) -> str:
    return f"TRACK-{order_id}"
