CREATE SCHEMA "innkeeper";
--> statement-breakpoint
CREATE TABLE "innkeeper"."capacity_claims" (
	"workload_id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"cpus" integer NOT NULL,
	"memory_bytes" bigint NOT NULL,
	"disk_bytes" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"subject_name" text NOT NULL,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."guests" (
	"host" text NOT NULL,
	"driver" text NOT NULL,
	"uuid" text NOT NULL,
	"observation" jsonb NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "guests_host_driver_uuid_pk" PRIMARY KEY("host","driver","uuid")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."hosts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"address" text NOT NULL,
	"state" text DEFAULT 'up' NOT NULL,
	"machine" jsonb,
	"drivers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"reported_at" timestamp with time zone,
	"cpu_ratio" double precision DEFAULT 8 NOT NULL,
	"memory_ratio" double precision DEFAULT 1.5 NOT NULL,
	"cpus_total" integer DEFAULT 0 NOT NULL,
	"memory_total" bigint DEFAULT 0 NOT NULL,
	"cpus_claimed" integer DEFAULT 0 NOT NULL,
	"memory_claimed" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "hosts_name_unique" UNIQUE("name"),
	CONSTRAINT "hosts_not_negative" CHECK ("innkeeper"."hosts"."cpus_claimed" >= 0 and "innkeeper"."hosts"."memory_claimed" >= 0)
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."installation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."network_claims" (
	"workload_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"host" text NOT NULL,
	"network" text NOT NULL,
	"mac" text NOT NULL,
	"address" text,
	CONSTRAINT "network_claims_workload_id_position_pk" PRIMARY KEY("workload_id","position"),
	CONSTRAINT "network_claims_mac_unique" UNIQUE("mac"),
	CONSTRAINT "network_claims_one_holder" UNIQUE("host","network","address")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."operation_steps" (
	"operation_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"text" text,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "operation_steps_operation_id_position_pk" PRIMARY KEY("operation_id","position")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"seq" bigserial NOT NULL,
	"kind" text NOT NULL,
	"workload_id" uuid NOT NULL,
	"workload_name" text NOT NULL,
	"who" text NOT NULL,
	"state" text NOT NULL,
	"memory" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"progress" text,
	"error" jsonb,
	"cancel_requested" text,
	"fence" integer DEFAULT 0 NOT NULL,
	"worker_id" uuid,
	"idempotency_key" text,
	"idempotency_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "operations_idempotency_key_unique" UNIQUE("idempotency_key")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."placements" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"workload_id" uuid NOT NULL,
	"workload_name" text NOT NULL,
	"record" jsonb NOT NULL,
	"decided_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "tokens_name_unique" UNIQUE("name"),
	CONSTRAINT "tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."uid_claims" (
	"start" bigint PRIMARY KEY NOT NULL,
	"workload_id" uuid NOT NULL,
	CONSTRAINT "uid_claims_workload_id_unique" UNIQUE("workload_id")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"machine" text NOT NULL,
	"boot_id" text NOT NULL,
	"pid" integer NOT NULL,
	"queue_ids" text[] DEFAULT '{}' NOT NULL,
	"lease_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."workloads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"spec" jsonb NOT NULL,
	"generation" integer NOT NULL,
	"applied_generation" integer DEFAULT 0 NOT NULL,
	"state" text NOT NULL,
	"placed" jsonb,
	"placement_id" uuid,
	"reason" text,
	"error" jsonb,
	"started_in_boot" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workloads_name_unique" UNIQUE("name")
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."capacity_claims" ADD CONSTRAINT "capacity_claims_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "innkeeper"."network_claims" ADD CONSTRAINT "network_claims_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "innkeeper"."operation_steps" ADD CONSTRAINT "operation_steps_operation_id_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "innkeeper"."operations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "innkeeper"."uid_claims" ADD CONSTRAINT "uid_claims_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_at_a_time" ON "innkeeper"."operations" USING btree ("workload_id") WHERE "innkeeper"."operations"."state" in ('running', 'undoing');--> statement-breakpoint
CREATE INDEX "operations_unfinished" ON "innkeeper"."operations" USING btree ("workload_id","seq") WHERE "innkeeper"."operations"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "operations_newest" ON "innkeeper"."operations" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "placements_by_workload" ON "innkeeper"."placements" USING btree ("workload_id","decided_at");