"""What people say about answers, over REST."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.desk.opinions import NOTE_LIMIT, Reason
from assistant.entrypoints.web.rest import Sender
from assistant.entrypoints.web.site import Site, site_of

router = APIRouter(prefix="/v1", tags=["chat"])
OurSite = Annotated[Site, Depends(site_of)]


class Opinion(BaseModel):
    """Whether an answer helped; where it did not, why."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=64, description="The id of the message that was answered.")
    verdict: Literal["helpful", "unhelpful"]
    reason: Reason = Reason.NONE
    note: str = Field(default="", max_length=NOTE_LIMIT)

    @model_validator(mode="after")
    def _a_reason_is_against(self) -> Opinion:
        if self.verdict == "helpful" and self.reason is not Reason.NONE:
            raise ValueError("a reason goes with unhelpful")
        return self


@router.post("/conversations/{conversation_id}/feedback", status_code=204)
def give(conversation_id: str, body: Opinion, person: Sender, site: OurSite) -> None:
    """Say whether an answer in one's own conversation helped; the latest word counts."""
    site.opinions.give(person.id, conversation_id, body.message, body.verdict == "helpful", body.reason, body.note)
