CREATE TABLE "innkeeper"."port_claims" (
	"host" text NOT NULL,
	"protocol" text NOT NULL,
	"port" integer NOT NULL,
	"workload_id" uuid NOT NULL,
	"mac" text NOT NULL,
	"guest_port" integer NOT NULL,
	CONSTRAINT "port_claims_host_protocol_port_pk" PRIMARY KEY("host","protocol","port")
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."port_claims" ADD CONSTRAINT "port_claims_workload_id_workloads_id_fk" FOREIGN KEY ("workload_id") REFERENCES "innkeeper"."workloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "port_claims_by_workload" ON "innkeeper"."port_claims" USING btree ("workload_id");