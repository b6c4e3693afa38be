CREATE SEQUENCE "innkeeper"."uid_cursor" INCREMENT BY 1 MINVALUE 0 MAXVALUE 57342 START WITH 0 CACHE 1 CYCLE;--> statement-breakpoint
CREATE TABLE "innkeeper"."device_claims" (
	"host" text NOT NULL,
	"key" text NOT NULL,
	"slot" integer NOT NULL,
	"workload_id" uuid NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "device_claims_host_key_slot_pk" PRIMARY KEY("host","key","slot")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."devices" (
	"host" text NOT NULL,
	"key" text NOT NULL,
	"report" jsonb NOT NULL,
	"iommu_group" text,
	"slots" integer NOT NULL,
	"state" text NOT NULL,
	CONSTRAINT "devices_host_key_pk" PRIMARY KEY("host","key")
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."rules" (
	"id" text NOT NULL,
	"version" integer NOT NULL,
	"rule" jsonb,
	"author" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rules_id_version_pk" PRIMARY KEY("id","version")
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "labels" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "draining" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "cpus_reserved" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "memory_reserved" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "cpus_ceiling" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "memory_ceiling" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ADD COLUMN "input" "bytea";--> statement-breakpoint
ALTER TABLE "innkeeper"."device_claims" ADD CONSTRAINT "device_claims_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "innkeeper"."device_claims" ADD CONSTRAINT "device_claims_host_key_devices_host_key_fk" FOREIGN KEY ("host","key") REFERENCES "innkeeper"."devices"("host","key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "device_claims_by_workload" ON "innkeeper"."device_claims" USING btree ("workload_id");--> statement-breakpoint
UPDATE "innkeeper"."hosts" SET "cpus_ceiling" = greatest("cpus_claimed", "cpus_total" * "cpu_ratio"), "memory_ceiling" = greatest("memory_claimed", floor("memory_total" * "memory_ratio")::bigint);--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD CONSTRAINT "hosts_not_oversold" CHECK ("innkeeper"."hosts"."cpus_claimed" <= "innkeeper"."hosts"."cpus_ceiling" and "innkeeper"."hosts"."memory_claimed" <= "innkeeper"."hosts"."memory_ceiling");--> statement-breakpoint
UPDATE "innkeeper"."placements" SET "record" = "record" || '{"rules": []}'::jsonb WHERE NOT "record" ? 'rules';
