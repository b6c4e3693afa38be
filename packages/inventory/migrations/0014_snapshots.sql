CREATE TABLE "innkeeper"."snapshots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workload_id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"parent" uuid,
	"current" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"size_bytes" bigint,
	"state" text NOT NULL,
	CONSTRAINT "snapshots_name_unique" UNIQUE("workload_id","name")
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."snapshots" ADD CONSTRAINT "snapshots_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "snapshots_one_current" ON "innkeeper"."snapshots" USING btree ("workload_id") WHERE "innkeeper"."snapshots"."current";