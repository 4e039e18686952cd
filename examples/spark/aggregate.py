"""The ETL's Parquet beyond one machine: the counts of the aggregate report, by PySpark.

    aggregate.py RECORDS_FOLDER

Prints one JSON object with the tables `by_channel`, `by_event`, `by_day` and `by_schema`, as in
`telemetry_report.json`, and the 95th percentile of every event's `/duration_ms`. Needs `pip install pyspark` and
Java 17.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import DateType, DoubleType, StringType, StructField, StructType, TimestampType

SCHEMA = StructType(
    [
        StructField("schema", StringType()),
        StructField("id", StringType()),
        StructField("timestamp", TimestampType()),
        StructField("event", StringType()),
        StructField("payload", StringType()),
        # Of records whose channel has no partition of its own.
        StructField("channel_name", StringType()),
        # Partitions. Said here, so that a channel `2026` is no number.
        StructField("day", DateType()),
        StructField("channel", StringType()),
    ]
)


def main(folder: str) -> None:
    """Reads the partitions and prints the tables."""
    session = (
        SparkSession.builder.master("local[*]")
        .appName("scrubjay")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    records = session.read.schema(SCHEMA).parquet(folder)
    records = records.withColumn("channel", f.coalesce("channel_name", "channel")).cache()
    report = {
        "by_channel": counted(records, f.col("channel")),
        "by_event": counted(records, f.concat_ws(".", "channel", "event")),
        "by_day": counted(records, f.col("day").cast("string")),
        "by_schema": counted(records, f.col("schema")),
        "duration_ms_p95": durations(records),
    }
    print(json.dumps(report, sort_keys=True))
    session.stop()


def counted(records: DataFrame, name: Column) -> dict[str, int]:
    """Records by name."""
    return {row["name"]: row["count"] for row in records.groupBy(name.alias("name")).count().collect()}


def durations(records: DataFrame) -> dict[str, Any]:
    """The 95th percentile of a field of the payload, by event."""
    duration = f.get_json_object("payload", "$.duration_ms").cast(DoubleType())
    rows = (
        records.select(f.concat_ws(".", "channel", "event").alias("name"), duration.alias("duration"))
        .where(f.col("duration").isNotNull())
        .groupBy("name")
        .agg(f.percentile("duration", f.lit(0.95)).alias("p95"))
        .collect()
    )
    return {row["name"]: row["p95"] for row in rows}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
