"""What the worker tells of itself: metrics for Prometheus, and in every line of its log the trace it belongs to."""
from __future__ import annotations

import logging
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from temporalio import activity
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

FORMAT = "%(levelname)s %(name)s trace=%(trace)s %(message)s"


class TraceOfLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        context = trace.get_current_span().get_span_context()
        record.trace = format(context.trace_id, "032x") if context.is_valid else "-"
        return True


def set_up_logging(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(TraceOfLine())
    logging.basicConfig(level=level, handlers=[handler])


def tracing() -> TracingInterceptor:
    """Takes up the trace that a start or a signal carries; a real installation would add an exporter."""
    trace.set_tracer_provider(TracerProvider())
    return TracingInterceptor()


def runtime(metrics_address: str | None) -> Runtime | None:
    if not metrics_address:
        return None
    return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=metrics_address)))


class ActivityMetrics(Interceptor):
    """How long activities waited for a worker, and how they ended."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return MeasuredActivity(super().intercept_activity(next))


class MeasuredActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        meter = activity.metric_meter()
        info = activity.info()
        waited = info.started_time - info.current_attempt_scheduled_time
        meter.create_histogram_timedelta("activity_schedule_to_start_latency", "From schedule to start").record(waited)
        status = "failed"
        try:
            result = await super().execute_activity(input)
            status = "completed"
            return result
        except activity._CompleteAsyncError:
            status = "handed_over"
            raise
        finally:
            meter.create_counter("activity_executions_total", "Activities by how they ended").add(1, {"status": status})
