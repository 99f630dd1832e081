"""The fields of the Algorithmic Transparency Recording Standard, under its own numbers and names.

Source: ATRS v3.0 (March 2024), ``template_table.md`` of the repository co-cddo/algorithmic-transparency-recording-
standard (Open Government Licence v3.0). A later version of the standard has other fields: this one says which it is.
"""

from __future__ import annotations

from typing import NamedTuple

STANDARD = "Algorithmic Transparency Recording Standard"
STANDARD_VERSION = "v3.0"


class Field(NamedTuple):
    """One field: its number, its attribute and name, and whether the standard requires it."""

    reference: str
    attribute: str
    name: str
    required: bool = True


class Section(NamedTuple):
    """The fields of one section, and its tier; the standard gives metadata none."""

    category: str
    tier: int | None
    fields: tuple[Field, ...]


SECTIONS = (
    Section(
        "Metadata",
        None,
        (
            Field("0.1", "id", "ID"),
            Field("0.2", "standard_version", "Standard version"),
            Field("0.3", "organisation_type", "Organisation type"),
            Field("0.4", "function", "Function"),
            Field("0.5", "capability", "Capability"),
            Field("0.6", "task", "Task"),
            Field("0.7", "tags", "Tags"),
            Field("0.8", "date_of_completion", "Date of completion"),
            Field("0.9", "date_updated", "Date updated"),
            Field("0.10", "date_archived", "Date archived"),
        ),
    ),
    Section(
        "Title Information",
        None,
        (
            Field("0.11", "title", "Title"),
            Field("0.12", "organisation_name", "Organisation name"),
            Field("0.13", "phase", "Phase"),
            Field("0.14", "region", "Region"),
            Field("0.15", "one_sentence_description", "One sentence description"),
        ),
    ),
    Section(
        "Tier 1 Information",
        1,
        (
            Field("1.1", "name", "Name"),
            Field("1.2", "description", "Description"),
            Field("1.3", "website_url", "Website URL"),
            Field("1.4", "contact_email", "Contact email"),
        ),
    ),
    Section(
        "Owner and Responsibility",
        2,
        (
            Field("2.1.1", "organisation_or_department", "Organisation or department"),
            Field("2.1.2", "team", "Team"),
            Field("2.1.3", "senior_responsible_owner", "Senior responsible owner"),
            Field("2.1.4", "external_supplier_involvement", "External supplier involvement"),
            Field("2.1.4.1", "external_supplier", "External supplier", required=False),
            Field("2.1.4.2", "companies_house_number", "Companies House Number", required=False),
            Field("2.1.4.3", "external_supplier_role", "External supplier role", required=False),
            Field("2.1.4.4", "procurement_procedure_type", "Procurement procedure type", required=False),
            Field("2.1.4.5", "data_access_terms", "Data access terms", required=False),
        ),
    ),
    Section(
        "Description and Rationale",
        2,
        (
            Field("2.2.1", "detailed_description", "Detailed description", required=False),
            Field("2.2.2", "scope", "Scope"),
            Field("2.2.3", "benefit", "Benefit"),
            Field("2.2.4", "previous_process", "Previous process", required=False),
            Field("2.2.5", "alternatives_considered", "Alternatives considered", required=False),
        ),
    ),
    Section(
        "Decision-making Process",
        2,
        (
            Field("2.3.1", "process_integration", "Process integration"),
            Field("2.3.2", "provided_information", "Provided information"),
            Field("2.3.3", "frequency_and_scale_of_usage", "Frequency and scale of usage"),
            Field("2.3.4", "human_decisions_and_review", "Human decisions and review"),
            Field("2.3.5", "required_training", "Required training"),
            Field("2.3.6", "appeals_and_review", "Appeals and review", required=False),
        ),
    ),
    Section(
        "Tool Specification",
        2,
        (
            Field("2.4.1.1", "system_architecture", "System architecture"),
            Field("2.4.1.2", "phase", "Phase"),
            Field("2.4.1.3", "maintenance", "Maintenance"),
            Field("2.4.1.4", "models", "Models"),
        ),
    ),
    Section(
        "Model Specification",
        2,
        (
            Field("2.4.2.1", "model_name", "Model name"),
            Field("2.4.2.2", "model_version", "Model version"),
            Field("2.4.2.3", "model_task", "Model task"),
            Field("2.4.2.4", "model_input", "Model input"),
            Field("2.4.2.5", "model_output", "Model output"),
            Field("2.4.2.6", "model_architecture", "Model architecture"),
            Field("2.4.2.7", "model_performance", "Model performance"),
            Field("2.4.2.8", "datasets", "Datasets"),
            Field("2.4.2.9", "dataset_purposes", "Dataset purposes"),
        ),
    ),
    Section(
        "Data Specification",
        2,
        (
            Field("2.4.3.1", "source_data_name", "Source data name"),
            Field("2.4.3.2", "data_modality", "Data modality"),
            Field("2.4.3.3", "data_description", "Data description"),
            Field("2.4.3.4", "data_quantities", "Data quantities"),
            Field("2.4.3.5", "sensitive_attributes", "Sensitive attributes"),
            Field("2.4.3.6", "data_completeness_and_representativeness", "Data completeness and representativeness"),
            Field("2.4.3.7", "source_data_url", "Source data URL"),
            Field("2.4.3.8", "data_collection", "Data collection"),
            Field("2.4.3.9", "data_cleaning", "Data cleaning", required=False),
            Field("2.4.3.10", "data_sharing_agreements", "Data sharing agreements"),
            Field("2.4.3.11", "data_access_and_storage", "Data access and storage"),
        ),
    ),
    Section(
        "Risks, mitigations and impact assessments",
        2,
        (
            Field("2.5.1", "impact_assessment", "Impact assessment"),
            Field("2.5.2", "risks_and_mitigations", "Risks and mitigations"),
        ),
    ),
)
